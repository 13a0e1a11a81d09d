"""Pictures of an estate: where things stand, and how information flows; as SVG and as Mermaid."""
