# SPDX-License-Identifier: MIT
# Everything that [Network] has.
[Profile]
Inherit=net-client

[Network]
Driver=slirp4netns
AllowHosts=good.test *.good.test:443 [2001:db8::1]:8443 10.1.0.0/16 192.0.2.7:22 @npm
AllowHosts=*.good.test
Publish=8080:80 0.0.0.0:5353:53/udp
NetworkRateMax=2M 500K
