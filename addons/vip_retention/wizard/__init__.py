from . import (
    vip_assessment_open,
    vip_assessment_reopen,
    vip_departure_day,
    vip_kpi_reopen,
    vip_log_call,
    vip_monthly_report_answer,
    vip_protect,
    vip_retention_contact,
    vip_retention_done,
    vip_retention_open,
    vip_risk_postpone,
)
