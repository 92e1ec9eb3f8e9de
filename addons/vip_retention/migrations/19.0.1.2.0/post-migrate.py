"""What has no score had 0 until 19.0.1.1.0; now it has none."""


def migrate(cr, version):
    cr.execute("UPDATE vip_assessment SET score = NULL WHERE is_scored IS NOT TRUE")
    cr.execute("UPDATE vip_assessment_line SET score = NULL WHERE is_scored IS NOT TRUE")
