from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.vip_event_invitation import INVITED, NO_ANSWER


class VipEventInvitationController(http.Controller):
    """The page on which a guest answers, by the link of his invitation and without a login.

    Reading it changes nothing: scanners of mails open links. A wrong link and one to nothing look alike.
    """

    @http.route(
        "/vip/invitation/<int:invitation_id>/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def show(self, invitation_id, token, **_kwargs):
        invitation = request.env["vip.event.invitation"]._by_link(invitation_id, token)
        if not invitation:
            raise request.not_found()
        return self._page(invitation)

    @http.route(
        "/vip/invitation/<int:invitation_id>/<string:token>/answer",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
    )
    def answer(self, invitation_id, token, answer="", companions="0", **_kwargs):
        invitations = request.env["vip.event.invitation"]
        if not invitations._by_link(invitation_id, token):
            raise request.not_found()
        if answer not in ("accept", "decline"):
            return self._page(invitations._by_link(invitation_id, token))

        def give():
            # read anew: what somebody else does meanwhile begins it again
            invitation = invitations._by_link(invitation_id, token)
            count = (
                int(companions) if companions.isdecimal() and len(companions) < 4 else companions
            )
            return invitation._answer(answer == "accept", count, by_link=True)

        try:
            outcome = invitations._at_once(give)
        except UserError as error:
            request.env.cr.rollback()
            request.env.transaction.reset()
            invitation = invitations._by_link(invitation_id, token)
            return self._page(invitation, refusal=str(error), status=422)
        return request.redirect(f"/vip/invitation/{invitation_id}/{token}?told={outcome}", 303)

    def _page(self, invitation, refusal=None, status=200):
        lang = invitation.env.context["lang"]
        request.update_context(lang=lang)
        response = request.render(
            "vip_customer.invitation_page",
            {
                "invitation": invitation,
                "event": invitation.event_id,
                "link": f"/vip/invitation/{invitation.id}/{invitation.access_token}",
                "html_data": {"lang": lang.replace("_", "-")},
                "refusal": refusal,
                "is_same": request.params.get("told") == "same",
                "is_answered": invitation.state not in (INVITED, NO_ANSWER),
                "barcode": invitation.registration_ids.filtered(
                    lambda seat: not seat.vip_is_companion and seat.state in ("open", "done")
                )[:1].barcode,
                **invitation._page_values(),
            },
            status=status,
        )
        # the address is the key: it is kept nowhere
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
