from . import demo_book, number_key, quota, quota_sql, tier_rules, tier_sql
