from . import deadlines, ladder, save_rule
