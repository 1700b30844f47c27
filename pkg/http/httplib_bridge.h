// File: httplib_bridge.h
//
// Runs cpp-httplib's request parser over a line in memory that the framer has passed.
//
// The library (Debian's 0.11.4) is given the method and the path, and nothing else, because of what
// it does with the rest; each of these was tried:
//   * header values: "%0d%0a" in them is decoded into a line end, an empty value makes the field
//     vanish, and REMOTE_ADDR from the client stands beside the library's own. The framer has the
//     fields already, as they were sent;
//   * Range and Expect: it answers them (416, 100) before it asks us;
//   * the query: "a=b=c" becomes a=c, equal pairs are merged, a second '?' is refused, "%zz" is let
//     through. query.h reads it;
//   * the body: form and multipart bodies are parsed away (what `curl -d` sends is labelled a form)
//     and compressed ones inflated without bound. It never gets one.
// Its own answer goes nowhere: our handlers answer later than the library could wait.
#pragma once

#include <memory>
#include <string>

#include "pkg/http/request_head.h"

namespace baton::http {

class HttplibBridge {
 public:
  struct Parsed {
    std::string method;
    std::string path;  // percent-decoded
  };

  HttplibBridge();
  ~HttplibBridge();
  HttplibBridge(const HttplibBridge&) = delete;
  HttplibBridge& operator=(const HttplibBridge&) = delete;

  // False: the library refuses what the framer let through. One thread at a time.
  bool Parse(const RequestHead& head, Parsed* parsed);

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace baton::http
