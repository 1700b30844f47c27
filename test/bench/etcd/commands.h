// File: commands.h
//
// The command lines of the load generators.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/bench/etcd/side.h"

namespace baton::bench {

std::string Joined(const std::vector<std::string>& urls);  // "a,b,c"
std::string Seconds(double seconds);                       // "3000ms"

// `api`: "baton" or "etcd-gateway".
std::vector<std::string> BatonctlCommand(const std::string& program, const std::string& api,
                                         const std::vector<std::string>& urls, const Load& load);
std::vector<std::string> DriverCommand(const std::string& program,
                                       const std::vector<std::string>& urls, const Load& load);
// After which a load generator hangs, in milliseconds.
int64_t TimeoutMs(const Load& load);

}  // namespace baton::bench
