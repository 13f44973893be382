# SPDX-License-Identifier: MIT
[Profile]
Description=A server on published ports, with the project read-only
Inherit=net-client
