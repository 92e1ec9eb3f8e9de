from . import vip_kpi_export, vip_monthly_report
