"""Who starts the real servers: the local stack, images, dashboards."""
