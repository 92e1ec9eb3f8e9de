from . import vip_event_invitation, vip_import
