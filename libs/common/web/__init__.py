"""Files of the web for servers of a house: from public addresses, whatever a stranger's URL leads to."""
