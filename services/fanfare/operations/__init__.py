"""What an operator does with a site beside running it: backup, restore, doctor, and the guard against a cut record."""
