#include "web/ui.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/compress.h"
#include "core/go_text.h"
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

std::string etag_of(std::string_view bytes) { return fmt::format("\"{:016x}\"", xxhash64(bytes)); }

Asset make_asset(std::string_view path, const std::string& type, const char* begin,
                 const char* end) {
  const std::string_view bytes(begin, static_cast<size_t>(end - begin));
  return {path, type, bytes, etag_of(bytes)};
}

std::string unpacked(std::string_view gzip) {
  std::string bytes;
  gzip_uncompress(gzip, bytes, kMaxAssetBytes);
  return bytes;
}

// Sets what all pages have. True when the client has this already and is told so.
bool answer_unchanged(const Exchange& exchange, const std::string& etag) {
  exchange.set_header("ETag", etag);
  exchange.set_header("Cache-Control", "no-cache");  // ask each time; the tag makes that cheap
  exchange.set_header("Vary", "Accept-Encoding");
  exchange.set_header("X-Content-Type-Options", "nosniff");
  // The editor writes its own style elements.
  exchange.set_header("Content-Security-Policy",
                      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
                      "blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
                      "frame-ancestors 'self'");
  if (exchange.header("If-None-Match").find(etag) == std::string_view::npos) return false;
  exchange.answer_empty(304);
  return true;
}

}  // namespace

void ui_home(Exchange& exchange) {
  exchange.redirect(302, external_path(exchange.options) + "/query");
}

void ui_graph(Exchange& exchange) {
  exchange.redirect(302,
                    external_path(exchange.options) + "/query?" + std::string(exchange.query()));
}

void ui_page(Exchange& exchange) {
  static const std::string kIndex = unpacked(
      {hearth_ui_index_begin, static_cast<size_t>(hearth_ui_index_end - hearth_ui_index_begin)});
  static constexpr std::string_view kTitle = "<title>";
  std::string page = kIndex;
  const size_t start = page.find(kTitle) + kTitle.size();
  page.replace(start, page.find("</title>") - start, html_escape(exchange.options.page_title));
  if (answer_unchanged(exchange, etag_of(page))) return;
  exchange.answer(200, std::move(page), "text/html; charset=utf-8");
}

void ui_asset(Exchange& exchange) {
  static const Asset kAssets[] = {
      make_asset("/app.js", "text/javascript; charset=utf-8", hearth_ui_app_js_begin,
                 hearth_ui_app_js_end),
      make_asset("/app.css", "text/css; charset=utf-8", hearth_ui_app_css_begin,
                 hearth_ui_app_css_end),
      make_asset("/favicon.svg", "image/svg+xml", hearth_ui_favicon_begin, hearth_ui_favicon_end),
  };
  const Asset& asset = *std::find_if(std::begin(kAssets), std::end(kAssets), [&](const Asset& a) {
    return exchange.path().ends_with(a.path);
  });
  if (answer_unchanged(exchange, asset.etag)) return;
  if (!exchange.accepts_gzip) return exchange.answer(200, unpacked(asset.gzip), asset.content_type);
  exchange.set_header("Content-Encoding", "gzip");
  exchange.answer(200, std::string(asset.gzip), asset.content_type);
}

}  // namespace hearth::web
