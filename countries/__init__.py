"""Country files, the schema that editors check them with, and waivers."""
