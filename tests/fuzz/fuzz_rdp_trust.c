/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificates that an RDP desktop shows: whatever it says, our CA has signed none of it. */
#include "rdp_trust.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Of nobody: its key was thrown away when it was made. */
static const char ca[] = "-----BEGIN CERTIFICATE-----\n"
			 "MIIBeTCCAR+gAwIBAgIUY9IZI3TWtSZOpeK+rtjRduBh+7kwCgYIKoZIzj0EAwIw\n"
			 "ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMTEwMTg1MVoYDzIxMjYxMDI4MTAx\n"
			 "ODUxWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
			 "AATYSCoFCLa1M0nYFOveg/rBDy298cm76XKj51LB9XrHUVfmckWp1u6A4TQK8Oe0\n"
			 "hH+ZBlpPWt7GgMkspSe8tEjjo1MwUTAdBgNVHQ4EFgQUfu0B0Q4MXLtKClK0IYoi\n"
			 "/w//OTAwHwYDVR0jBBgwFoAUfu0B0Q4MXLtKClK0IYoi/w//OTAwDwYDVR0TAQH/\n"
			 "BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBL6aIev7OOtCKihV29rVh9M6LR4bRW\n"
			 "6fgyrguS487lbwIhAM+J6kR60UgpOm/IJRaOu2AVVgMOQc3yqT7GAD96A1aT\n"
			 "-----END CERTIFICATE-----\n";

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_assert(!rdp_trusted(ca, data, size));
	return 0;
}
