from . import vip_retention_case_log, vip_retention_report
