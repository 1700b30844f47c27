#include "cmd/batond/address.h"

#include <gtest/gtest.h>

namespace baton::batond {
namespace {

TEST(ParseAddressTest, TakesNamesAndAddresses) {
  EXPECT_EQ(ParseAddress("127.0.0.1:7400")->ToString(), "127.0.0.1:7400");
  EXPECT_EQ(ParseAddress("baton-0.baton-headless.prod.svc:7401")->host,
            "baton-0.baton-headless.prod.svc");
  EXPECT_EQ(ParseAddress("[::1]:7400")->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:7400")->ToString(), "[::1]:7400");
  EXPECT_EQ(ParseAddress("a:65535")->port, 65535);
  EXPECT_EQ(ParseAddress(std::string(253, 'a') + ":1")->port, 1);
}

TEST(ParseAddressTest, RefusesAndSaysWhy) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "has no port"},
      {"localhost", "has no port"},
      {":7400", "has no host"},
      {"a:", "must end in a port"},
      {"a:0", "port from 1 to 65535"},
      {"a:65536", "must end in a port"},
      {"a:-1", "must end in a port"},
      {"a:7400x", "must end in a port"},
      {"a: 7400", "must end in a port"},
      {"::1:7400", "in brackets"},
      {"[::1:7400", "in brackets"},
      {"[]:7400", "no IPv6 address"},
      {"[1.2.3.4]:7400", "no IPv6 address"},
      {"[zz::1]:7400", "no IPv6 address"},
      {"http://a:7400", "in brackets"},
      {"a b:7400", "host name"},
      {"-a:7400", "host name"},
      {"a/../b:7400", "host name"},
      {std::string(254, 'a') + ":1", "host name"},
  };
  for (const auto& [text, why] : cases) {
    const Result<Address> address = ParseAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_NE(address.status().message().find(why), std::string::npos)
        << text << ": " << address.status().message();
  }
}

TEST(ParseAddressTest, AHugeTextGivesAShortMessage) {
  const Result<Address> address = ParseAddress(std::string(1'000'000, 'x'));
  ASSERT_FALSE(address.ok());
  EXPECT_LT(address.status().message().size(), 500U);
}

TEST(ParseListenAddressTest, TakesOnlyAddressesOfInterfaces) {
  EXPECT_EQ(ParseListenAddress("0.0.0.0:0")->port, 0);
  EXPECT_TRUE(ParseListenAddress("0.0.0.0:1")->IsWildcard());
  EXPECT_TRUE(ParseListenAddress("[::]:1")->IsWildcard());
  EXPECT_FALSE(ParseListenAddress("127.0.0.1:1")->IsWildcard());
  EXPECT_FALSE(ParseListenAddress("example.org:7400").ok());
  EXPECT_FALSE(ParseListenAddress("1.2.3:7400").ok());
}

TEST(ParseUrlTest, TakesSchemeHostAndPortOnly) {
  EXPECT_EQ(*ParseUrl("http://a:1"), "http://a:1");
  EXPECT_EQ(*ParseUrl("http://[::1]:1"), "http://[::1]:1");
  for (const std::string text : {"a:1", "https://a:1", "http://a", "http://a:1/", "http://a:1/x",
                                 "http://u@a:1", "http://"}) {
    EXPECT_FALSE(ParseUrl(text).ok()) << text;
  }
}

}  // namespace
}  // namespace baton::batond
