"""The papers that the built-in methods come from, by a short name."""

PAPERS = {
    "font_clos": "Font-Clos et al., Nature Communications 13, 2820 (2022), "
    "doi:10.1038/s41467-022-30530-1",
    "silica2d": "Roy, Heyde & Heuer 2018, with the cutoff of Bachhav et al. 2025, "
    "doi:10.1038/s42005-025-02315-7",
    "dual": "Ormrod Morley & Wilson, J. Phys.: Condens. Matter 30, 50LT02 (2018)",
    "aqs": "Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006), doi:10.1103/PhysRevE.74.016118",
    "bapst": "Bapst et al., Nature Physics 16, 448 (2020), doi:10.1038/s41567-020-0842-8",
    "e3nn": "Geiger & Smidt, e3nn: Euclidean neural networks (2022), arXiv:2207.09453",
    "fan": "Fan & Ma, Nature Communications 12, 1506 (2021), doi:10.1038/s41467-021-21806-z",
    "falk_langer": "Falk & Langer, Phys. Rev. E 57, 7192 (1998), doi:10.1103/PhysRevE.57.7192",
    "futures": "Quinlan, PEP 3148: futures, execute computations asynchronously (2009)",
    "listi": "Bachhav et al., Communications Physics (2025), doi:10.1038/s42005-025-02315-7",
    "lancon": "Lancon, Billard & Chaudhari, Europhys. Lett. 2, 625 (1986); Falk & Langer, Phys. "
    "Rev. E 57, 7192 (1998)",
    "watanabe": "Watanabe, Yamasaki, Tatsumura & Ohdomari, Appl. Surf. Sci. 234, 207 (2004)",
    "eam": "Daw & Baskes, Phys. Rev. B 29, 6443 (1984); Finnis & Sinclair, Philos. Mag. A 50, 45 "
    "(1984)",
    "ase": "Larsen et al., J. Phys.: Condens. Matter 29, 273002 (2017)",
    "lammps": "Thompson et al., Comput. Phys. Commun. 271, 108171 (2022)",
    "barbot": "Barbot et al., Phys. Rev. E 97, 033001 (2018)",
    "response": "Lemaitre & Maloney, J. Stat. Phys. 123, 415 (2006)",
    "stretch": "arXiv:2503.17210 (2025)",
    "ridge": "Hoerl & Kennard, Technometrics 12, 55 (1970)",
    "evidence": "MacKay, Neural Computation 4, 415 (1992)",
    "cox": "Cox, J. R. Stat. Soc. B 34, 187 (1972)",
    "gneiting": "Gneiting & Raftery, J. Am. Stat. Assoc. 102, 359 (2007)",
    "logistic": "Cox, J. R. Stat. Soc. B 20, 215 (1958)",
    "svr": "Drucker et al., NIPS 9, 155 (1997)",
    "boosting": "Friedman, Ann. Stat. 29, 1189 (2001)",
    "ensemble": "Lakshminarayanan et al., NeurIPS 30, 6402 (2017)",
    "spearman": "Spearman, Am. J. Psychol. 15, 72 (1904)",
    "calibration": "Kuleshov, Fenner & Ermon, ICML 80, 2796 (2018)",
    "precision": "Saito & Rehmsmeier, PLoS ONE 10, e0118432 (2015)",
    "dask": "Rocklin, Proc. 14th Python in Science Conf., 126 (2015)",
    "mlflow": "Zaharia et al., IEEE Data Eng. Bull. 41 (4), 39 (2018)",
    "none": "Sandve et al., PLoS Comput. Biol. 9, e1003285 (2013)",
}
