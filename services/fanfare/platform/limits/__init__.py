"""What one member, one network or one connection may ask of a site before it is told to come back later."""
