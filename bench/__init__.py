"""What `make bench` measures; each file holds one subject."""
