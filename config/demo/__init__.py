"""What the demonstration needs: its catalog, and the recipe that the catalog's music is made by."""
