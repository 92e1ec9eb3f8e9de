{
    "name": "VIP Retention",
    "summary": "Who wants to leave, how we keep him honestly, and how he leaves freely",
    "description": """
What happens when a VIP customer says “close my number”: the facts frozen, the reason heard, offers that fit,
an account manager who follows up, and a save that counts only when the number is still billed. The
customer's final refusal is one click for everybody, and nothing stands in its way.
""",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "VIP care and retention",
    "license": "LGPL-3",
    "depends": ["vip_customer"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "data/vip_tier_data.xml",
        "data/ir_sequence_data.xml",
        "data/mail_activity_type_data.xml",
        "data/ir_cron_data.xml",
        "data/vip_retention_reason_data.xml",
        "data/vip_retention_offer_data.xml",
        "data/vip_customer_type_data.xml",
        "views/vip_retention_reason_views.xml",
        "views/vip_retention_offer_views.xml",
        "views/vip_customer_type_views.xml",
        "report/vip_retention_case_log.xml",
        "views/vip_retention_report_views.xml",
        "views/vip_retention_menus.xml",
    ],
    "demo": ["demo/vip_demo_retention.xml"],
    "uninstall_hook": "uninstall_hook",
}
