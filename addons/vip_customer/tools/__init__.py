from . import (
    demo_book,
    number_key,
    phone_forms,
    plain_text,
    portfolio,
    quota,
    quota_sql,
    tier_rules,
    tier_sql,
)
