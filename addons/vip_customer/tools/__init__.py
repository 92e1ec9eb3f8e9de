from . import number_key, tier_rules, tier_sql
