"""Pictures: taken in, made small and harmless, kept, shown, and thrown away."""
