"""The worker: trains runs on one device, with nothing but the bus and presigned URLs to reach the house."""
