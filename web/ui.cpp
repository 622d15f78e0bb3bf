#include "web/ui.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/compress.h"
#include "core/hash.h"
#include "web/routes.h"

extern "C" {
extern const char hearth_ui_index_begin[], hearth_ui_index_end[];
extern const char hearth_ui_app_js_begin[], hearth_ui_app_js_end[];
extern const char hearth_ui_app_css_begin[], hearth_ui_app_css_end[];
extern const char hearth_ui_favicon_begin[], hearth_ui_favicon_end[];
}

namespace hearth::web {
namespace {

constexpr size_t kMaxAssetBytes = 64 * 1024 * 1024;

struct Asset {
  std::string_view path;
  std::string content_type;
  std::string_view gzip;
  std::string etag;
};

Asset make_asset(std::string_view path, const std::string& type, const char* begin,
                 const char* end) {
  const std::string_view bytes(begin, static_cast<size_t>(end - begin));
  return {path, type, bytes, fmt::format("\"{:016x}\"", xxhash64(bytes))};
}

const Asset* find_asset(std::string_view path) {
  static const Asset kAssets[] = {
      make_asset("/index.html", "text/html; charset=utf-8", hearth_ui_index_begin,
                 hearth_ui_index_end),
      make_asset("/app.js", "text/javascript; charset=utf-8", hearth_ui_app_js_begin,
                 hearth_ui_app_js_end),
      make_asset("/app.css", "text/css; charset=utf-8", hearth_ui_app_css_begin,
                 hearth_ui_app_css_end),
      make_asset("/favicon.svg", "image/svg+xml", hearth_ui_favicon_begin, hearth_ui_favicon_end),
  };
  const auto found = std::find_if(std::begin(kAssets), std::end(kAssets),
                                  [&](const Asset& asset) { return path.ends_with(asset.path); });
  return found == std::end(kAssets) ? nullptr : found;
}

void answer_asset(Exchange& exchange, const Asset& asset) {
  exchange.set_header("ETag", asset.etag);
  exchange.set_header("Cache-Control", "no-cache");  // ask each time; the tag makes that cheap
  exchange.set_header("Vary", "Accept-Encoding");
  exchange.set_header("X-Content-Type-Options", "nosniff");
  // The editor writes its own style elements.
  exchange.set_header("Content-Security-Policy",
                      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
                      "blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
                      "frame-ancestors 'self'");
  if (exchange.header("If-None-Match").find(asset.etag) != std::string_view::npos) {
    return exchange.answer(304, "", asset.content_type);
  }
  std::string body;
  if (exchange.accepts_gzip) {
    body = asset.gzip;
    exchange.set_header("Content-Encoding", "gzip");
  } else {
    gzip_uncompress(asset.gzip, body, kMaxAssetBytes);
  }
  exchange.answer(200, std::move(body), asset.content_type);
}

}  // namespace

void ui_home(Exchange& exchange) {
  exchange.redirect(302, external_path(exchange.options) + "/query");
}

void ui_graph(Exchange& exchange) {
  exchange.redirect(302,
                    external_path(exchange.options) + "/query?" + std::string(exchange.query()));
}

void ui_page(Exchange& exchange) { answer_asset(exchange, *find_asset("/index.html")); }

void ui_asset(Exchange& exchange) { answer_asset(exchange, *find_asset(exchange.path())); }

}  // namespace hearth::web
