from . import demo_book, number_key, tier_rules, tier_sql
