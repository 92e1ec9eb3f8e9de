from . import vip_import
