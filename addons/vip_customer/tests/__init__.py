    test_import_background,
