from . import vip_retention_report
