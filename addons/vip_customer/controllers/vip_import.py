from odoo import http
from odoo.http import content_disposition, request


class VipImportController(http.Controller):
    @http.route(
        "/vip_customer/import/template/<string:kind>", type="http", auth="user", readonly=True
    )
    def template(self, kind):
        """An empty file with the headers of one kind, in the user's language."""
        content = request.env["vip.import"]._template(kind)
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(f"{kind}.csv")),
        ]
        return request.make_response(content.encode("utf-8-sig"), headers)
