"""The one policy for every connection that this service opens to an address somebody else chose."""
