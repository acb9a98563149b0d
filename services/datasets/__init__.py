"""The datasets room: projects, uploads, datasets with their versions and samples, splits."""
