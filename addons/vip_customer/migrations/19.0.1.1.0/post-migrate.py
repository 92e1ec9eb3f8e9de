def migrate(cr, version):
    """Nobody noted since when who is responsible today has been so: the assignments begin yesterday, which is
    over in every time zone."""
    cr.execute(
        """
        INSERT INTO vip_manager_assignment (partner_id, company_id, manager_id, team_id, date_from,
                                            create_uid, write_uid, create_date, write_date)
        SELECT m.partner_id, m.company_id, m.manager_id, m.team_id, current_date - 1, 1, 1, now(), now()
          FROM vip_membership m
         WHERE (m.manager_id IS NOT NULL OR m.team_id IS NOT NULL)
           AND NOT EXISTS (SELECT FROM vip_manager_assignment a WHERE a.partner_id = m.partner_id)
        """
    )
