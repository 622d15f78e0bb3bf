# The built pages of web/ui/dist, gzip files, as bytes between two symbols each.
        .section .rodata
        .macro asset name, path
        .global hearth_ui_\name\()_begin
        .global hearth_ui_\name\()_end
        .balign 16
hearth_ui_\name\()_begin:
        .incbin "\path"
hearth_ui_\name\()_end:
        .endm

        asset index, "web/ui/dist/index.html.gz"
        asset app_js, "web/ui/dist/app.js.gz"
        asset app_css, "web/ui/dist/app.css.gz"
        asset favicon, "web/ui/dist/favicon.svg.gz"

        .section .note.GNU-stack, "", %progbits
