"""May these stems be used so? Plain functions on plain values: no Django, no database, no clock."""
