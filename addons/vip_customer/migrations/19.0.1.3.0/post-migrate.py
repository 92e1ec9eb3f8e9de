"""What 19.0.1.2.0 did not note: which rating of a contact is the customer's answer to the request."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE vip_interaction v SET rating_id = r.id
          FROM vip_service_request q
          JOIN rating_rating r ON r.res_id = q.id AND r.res_model = 'vip.service.request'
           AND r.consumed IS TRUE
         WHERE q.interaction_id = v.id AND v.rating IS NOT NULL AND v.rating_id IS NULL
        """
    )
