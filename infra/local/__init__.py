"""The no-Docker stack: real servers, rooms and console as processes of one supervisord."""
