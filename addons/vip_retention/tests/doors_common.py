"""The book of ``vip_customer`` with what this addon keeps of its customers.

HOW TO ADD A MODEL

A model with records of customers gets one of each reach here, in ``_fill_book``, which is called once per
company, inside it: ``cls.book[name]["vip.departure"] = …`` for every name. It then gets a line in RIGHTS
of ``test_security_roles`` (who reads, writes, deletes it within and out of his reach), and one in CREATORS
where users may create it. A catalogue that all companies share gets a line in CATALOGUE, and one record
in ``_fill_catalogue`` where the addon ships none. A dialog only gets a line in CREATORS.

HOW TO ADD A METHOD

A public method gets a line in DOORS of ``test_doors``: also one on ``res.partner`` or on a model of
``vip_customer``, unless that has a method of this name already, whose line there is asked with ours in
place. ``record`` of a door is a key of the book, which may hold further records under names with a
space (``"case in watch"``). What its arguments are is added to ``arguments``, in ``test_doors``. A
private method that must never be called from outside gets a line in PRIVATE_METHODS.
"""

from odoo.addons.vip_customer.tests import doors_common


class DoorsCase(doors_common.DoorsCase):
    addon = "vip_retention"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._fill_catalogue()
        cls.env.flush_all()

    @classmethod
    def _fill_catalogue(cls):
        cls.env["vip.retention.reason"].create({"name": "Dissatisfied", "code": "TEST_REASON"})
        cls.env["vip.retention.offer"].create({"name": "Better plan", "code": "TEST_OFFER"})
        cls.env["vip.customer.type"].create(
            {"name": "Calm", "code": "test", "technique": "Listen", "guidance": "Let him speak."}
        )
