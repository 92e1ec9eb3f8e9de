from . import vip_event_invitation, vip_export, vip_import
