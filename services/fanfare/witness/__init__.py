"""The witness: a program for another machine that follows a site's record, cosigns what grew rightly, and tells of a fork."""
