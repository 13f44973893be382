# SPDX-License-Identifier: MIT
[Profile]
Description=Every limit there is
Inherit=shell
Optional=MemoryHigh

[Resources]
MemoryMax=75%
MemoryHigh=2G
MemorySwapMax=0
CPUQuota=0.5%
CPUWeight=50
AllowedCPUs=0-1,3 5
TasksMax=100
IOReadBandwidthMax=/ 10M
IOReadBandwidthMax=/home 20M
IOWriteBandwidthMax=/ 1M
IOWriteBandwidthMax=/ 2M
IOWriteBandwidthMax=-/tmp 2M
IOWeight=10
RuntimeMaxSec=1min 30s
