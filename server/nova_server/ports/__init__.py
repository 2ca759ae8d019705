"""What use cases, queue and adapters say to one another: records and protocols, with no technology in them."""
