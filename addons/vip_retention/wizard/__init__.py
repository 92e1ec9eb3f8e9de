from . import vip_protect
