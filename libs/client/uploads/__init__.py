"""Files and folders on their way in: parts straight to the object store, resumed where they stopped."""

from libs.client.uploads.uploads import Uploads

__all__ = ["Uploads"]
