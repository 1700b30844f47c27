// File: cross_site.h
//
// A browser sends requests for any page that asks it to, from inside networks that the page's
// author cannot reach. What such a request says about where it comes from (Sec-Fetch-Site, Origin)
// the page cannot change. Programs send neither field and are not touched. Pure.
#pragma once

#include "pkg/base/status.h"
#include "pkg/http/server.h"

namespace baton::http {

// Not OK: the request would change something (its method is none of GET, HEAD, OPTIONS) and a page
// of another site asks for it: kPermissionDenied/"cross_site", which names the header. That is
// `Sec-Fetch-Site: cross-site`, or an Origin that is not http(s)://<Host>: another host or port,
// "null", or anything that is no origin. Of repeated headers each is looked at.
Status CheckSite(const Request& request);

}  // namespace baton::http
