from . import vip_monthly_report, vip_retention_case_log, vip_retention_report
