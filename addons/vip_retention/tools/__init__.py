from . import deadlines, ladder, risk, risk_sql, save_rule
