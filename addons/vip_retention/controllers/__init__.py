from . import vip_monthly_report
