"""``vitreous view``: a page in the browser on which a glass, a micrograph, a deformation or a run
is looked at, corrected and loaded.

==================  ================================================================================
``server``          the routes, which do nothing but hand over to what follows
``guard``           who may ask, and for how much
``desk``            what is open: found by its name in one folder, or sent by the page
``opened``          a glass in a file
``work``            one computation at a time, with its progress
``structure``       a glass as the page draws it
``predictions``     maps of trained models, kept for each direction
``deformations``    a stress-strain curve, its frames and its events
``image``           a micrograph, its spots and their corrections
``runs``            scores, learning curves and maps of finished runs
``page/``           HTML, CSS and JavaScript, served as they are
==================  ================================================================================
"""
