"""Key files of other programs, read: one module a form. Each gives an ``Imported``, or says in one sentence why not."""
