from . import demo_book, number_key, plain_text, quota, quota_sql, tier_rules, tier_sql
from . import demo_book, number_key, portfolio, quota, quota_sql, tier_rules, tier_sql
from . import demo_book, number_key, phone_forms, quota, quota_sql, tier_rules, tier_sql
from . import demo_book, number_key, phone_forms, portfolio, quota, quota_sql, tier_rules, tier_sql
